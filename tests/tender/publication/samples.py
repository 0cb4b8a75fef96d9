"""One full sample of every document, as a county would fill it: made-up names and numbers."""

from __future__ import annotations

import base64
import hashlib
import io
import json

from PIL import Image

from tender.publication.papers.documents import (
    AwardLetter,
    CandidatesNotice,
    Document,
    EvaluationReport,
    FindingReport,
    OpeningRecordPaper,
    PlainNotice,
    ResultNotice,
    TenderNotice,
    UnsuccessfulLetter,
    VillageSheet,
)
from tender.publication.papers.parts import (
    AwardedLot,
    Block,
    Candidate,
    CandidateLot,
    CriterionLine,
    Custodian,
    EvaluatedLot,
    ExhibitCell,
    ExhibitRow,
    FindingDecision,
    FindingExhibit,
    Head,
    InnocentExplanation,
    NoticeLot,
    OpenedBid,
    OpenedLot,
    PanelMember,
    Party,
    Plot,
    PlotBar,
    PlotLine,
    PlotTick,
    RejectedBid,
    Release,
    ResultLot,
    ScoredBid,
    SealedFor,
    Sheet,
    SpotObjection,
    Step,
    ToldFinding,
)

CENTRE = "青禾县公共资源交易中心"
COOPERATIVE = "青禾县柳湾镇石桥村股份经济合作社"
BIDDERS = (
    "青禾县丰泽水产养殖专业合作社",
    "柳湾镇石桥村村民 王德顺",
    "浙北绿源农业发展有限公司",
    "青禾县三江渔业有限责任公司",
    "柳湾镇兴旺家庭农场",
)

VILLAGE_HEAD = Head(
    issuer=CENTRE,
    number="青公资交〔2026〕118号",
    issued_on="2026-11-23",
    project="柳湾镇石桥村集体鱼塘承包经营权公开招标",
    tender_no="QH-V-2026-0118",
    verify_url="https://jy.qinghe.example/v/7KQ4-M2XN",
    verify_code="7KQ4-M2XN",
    signatories=(COOPERATIVE, CENTRE),
)
WORKS_HEAD = Head(
    issuer=CENTRE,
    number="青公资交〔2026〕131号",
    issued_on="2026-12-18",
    project="云岭镇中心小学教学楼改造工程",
    tender_no="QH-C-2026-0042",
    verify_url="https://jy.qinghe.example/v/PX3D-9WTA",
    verify_code="PX3D-9WTA",
)
OWNER = Party(
    role="Tenderer",
    name=COOPERATIVE,
    contact="李建国",
    phone="0570-8800 1234",
    address="柳湾镇石桥村88号",
)
SUPERVISOR = Party(
    role="Supervising body", name="青禾县农业农村局", contact="陈敏", phone="0570-8800 5678"
)
CONTACTS = (
    OWNER,
    Party(role="Trading centre", name=CENTRE, phone="0570-8800 2000", address="青禾大道1号"),
    SUPERVISOR,
)
POND = NoticeLot(
    number="1",
    name="石桥村东塘五年承包经营权",
    description="水面32.6亩，东至机耕路，南至石桥港，西至王家圩，北至村道；水电已通。",
    quantity="32.6亩",
    term="5年（2027年1月1日至2031年12月31日）",
    basis="per year",
    limit_fen=2_600_000,
    bond_fen=500_000,
)
CUSTODIANS = tuple(
    Custodian(name=name, identity=hashlib.sha256(name.encode()).hexdigest()[:43])
    for name in (
        "石桥村村务监督委员会",
        "石桥村村民委员会",
        "柳湾镇人民政府",
        CENTRE,
        "青禾县公共资源交易监督管理局",
    )
)


def opening_record_text() -> str:
    """A record of the real size and shape: five custodians, about 1.1 kB."""
    parties = [
        {"identity": one.identity, "key": "k" * 43, "key_id": "i" * 22, "name": one.name}
        for one in CUSTODIANS
    ]
    record = {
        "after": None,
        "custodians": parties,
        "lot": "1",
        "minimum": 3,
        "not_before": "2026-12-08T01:00:00Z",
        "part": "whole",
        "platform": "jy.qinghe.example",
        "tender": "QH-V-2026-0118",
        "threshold": 3,
        "v": "opening/v1",
    }
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


OPENING_ID = hashlib.sha256(opening_record_text().encode()).hexdigest()

TENDER_NOTICE = TenderNotice(
    head=VILLAGE_HEAD,
    direction="disposal",
    kind="村集体资产资源交易",
    method="密封报价，价高者得（不低于底价）",
    parties=CONTACTS,
    lots=(POND,),
    steps=(
        Step(label="公告发布", at="2026-11-23", note="公告期不少于7日", article="诸暨116号"),
        Step(label="提出异议截止", at="2026-11-30T09:00:00Z", article="实施条例第二十二条"),
        Step(
            label="投标截止、开标",
            at="2026-12-08T01:00:00Z",
            note="自公告之日起15日",
            article="村集体经济组织章程",
        ),
        Step(label="结果公示", at="2026-12-09", note="不少于5日"),
    ),
    sealed_for=(
        SealedFor(
            lot="1",
            part="whole",
            opening_id=OPENING_ID,
            record=opening_record_text(),
            threshold=3,
            custodians=CUSTODIANS,
        ),
    ),
    blocks=(
        Block(
            heading="投标人资格",
            paragraphs=(
                "年满十八周岁的自然人、依法登记的法人均可投标；同等条件下本集体成员优先。",
                "不接受联合体投标。被列入失信被执行人名单的不得投标。",
            ),
        ),
        Block(
            heading="投标保证金",
            paragraphs=("投标保证金可以银行保函、保证保险或者转账方式提交，不强制现金。",),
            rows=(("户名", COOPERATIVE), ("账号", "9550 8800 0000 1234"), ("开户行", "青禾农商行")),
        ),
        Block(
            heading="合同主要条款",
            paragraphs=("承包款每年1月10日前一次付清；不得改变水面用途，不得转包。",),
        ),
    ),
    notice_url="https://jy.qinghe.example/t/QH-V-2026-0118",
    title="村集体资产承包经营权招标公告",
)

OPENING_RECORD = OpeningRecordPaper(
    head=VILLAGE_HEAD,
    direction="disposal",
    deadline="2026-12-08T01:00:00Z",
    closed_at="2026-12-08T01:00:01Z",
    opened_at="2026-12-08T01:00:09Z",
    host=CENTRE,
    checkpoint=f"48211 {hashlib.sha256(b'root').hexdigest()}",
    lots=(
        OpenedLot(
            number="1",
            name=POND.name,
            opening_id=OPENING_ID,
            threshold=3,
            basis="per year",
            limit_fen=2_600_000,
            received=5,
            minimum=3,
            bids=(
                *(
                    OpenedBid(
                        bidder=name,
                        submitted_at=f"2026-12-0{4 + at}T0{2 + at}:15:3{at}Z",
                        verdict="opened",
                        price_fen=price,
                        files="opened",
                        sha256=hashlib.sha256(name.encode()).hexdigest(),
                    )
                    for at, (name, price) in enumerate(
                        zip(BIDDERS, (3_260_050, 3_105_000, 2_988_888, 3_200_000), strict=False)
                    )
                ),
                OpenedBid(
                    bidder=BIDDERS[4],
                    submitted_at="2026-12-08T00:58:11Z",
                    verdict="bidder_fault",
                    reason="投标文件解密后无法读取",
                    sha256=hashlib.sha256(b"rubbish").hexdigest(),
                ),
            ),
            releases=tuple(
                Release(
                    custodian=one.name,
                    released_at="" if at == 1 else f"2026-12-08T01:00:0{3 + at}Z",
                )
                for at, one in enumerate(CUSTODIANS)
            ),
        ),
        OpenedLot(
            number="2",
            name="石桥村西塘五年承包经营权",
            opening_id=hashlib.sha256(b"2").hexdigest(),
            threshold=3,
            received=1,
            minimum=3,
        ),
    ),
    objections=(
        SpotObjection(
            by=BIDDERS[1],
            at="2026-12-08T01:06:00Z",
            text="请问第五份投标文件为何无法读取？",
            answer="该文件由投标人加密时内容有误，任何人重新计算结果一致，可在公开网站自行核验。",
        ),
    ),
)

PANEL = tuple(
    PanelMember(
        name=name,
        role="Chair" if at == 0 else "Member",
        represents="Tenderer" if at == 4 else "县综合评标专家库",
    )
    for at, name in enumerate(("周晓岚", "孙立群", "何㛃", "邓一鸣", "吴海峰"))
)
WORKS_BIDDERS = (
    "浙江恒筑建设有限公司",
    "青禾县第二建筑工程有限公司",
    "杭州云栖建工集团有限公司",
    "衢州市九州建设有限公司",
)
RANKED = tuple(
    ScoredBid(
        bidder=name,
        rank=at + 1,
        price_fen=price,
        total=total,
        scores=scores,
        steps=(
            f"报价偏差率＝（{price // 100:,}－4,312,500.00）÷4,312,500.00×100%",
            "价格得分见上表",
        )
        if at == 0
        else (),
    )
    for at, (name, price, total, scores) in enumerate(
        zip(
            WORKS_BIDDERS,
            (431_880_000, 428_660_012, 436_900_000, 445_000_050),
            ("92.64", "90.17", "88.05", "81.30"),
            (
                ("57.80", "22.40", "12.44"),
                ("56.10", "22.07", "12.00"),
                ("55.00", "21.55", "11.50"),
                ("50.20", "20.10", "11.00"),
            ),
            strict=True,
        )
    )
)
REJECTED = (
    RejectedBid(
        bidder="江西宏达建筑工程有限公司",
        reason="投标报价高于最高投标限价",
        article="实施条例第五十一条第五项",
    ),
)
EVALUATION_REPORT = EvaluationReport(
    head=WORKS_HEAD,
    direction="purchase",
    method="综合评估法",
    began_at="2026-12-17T01:30:00Z",
    ended_at="2026-12-17T07:45:00Z",
    panel=PANEL,
    draw="评标专家于2026年12月16日15:00从县综合评标专家库随机抽取，抽取种子及名单可在公开账本核验。",
    formula="评标基准价为有效报价去掉一个最高价和一个最低价后的算术平均值；报价每高1%扣1分，每低1%扣0.5分。",
    lots=(
        EvaluatedLot(
            number="1",
            name="教学楼改造施工",
            basis="total",
            ranked=RANKED,
            rejected=REJECTED,
            criteria=(
                CriterionLine(name="投标报价", weight="60"),
                CriterionLine(name="施工组织设计", weight="25", detail="进度、质量、安全措施"),
                CriterionLine(name="企业信誉和项目班子", weight="15"),
            ),
            sheets=tuple(
                Sheet(member=one.name, totals=("92.6", "90.2", "88.1", "81.3")) for one in PANEL
            ),
            recommendation="推荐浙江恒筑建设有限公司为第一中标候选人。",
        ),
    ),
    dissent=(("邓一鸣", "认为第三名的施工组织设计应得分更高，不影响推荐顺序。"),),
)

CANDIDATES_NOTICE = CandidatesNotice(
    head=WORKS_HEAD,
    direction="purchase",
    standstill_from="2026-12-18",
    standstill_to="2026-12-21",
    lots=(
        CandidateLot(
            number="1",
            name="教学楼改造施工",
            basis="total",
            candidates=tuple(
                Candidate(
                    rank=one.rank,
                    bidder=one.bidder,
                    price_fen=one.price_fen,
                    total=one.total,
                    facts=(("工期", "180日历天"), ("项目经理", "赵文博（浙1332019202012345）")),
                )
                for one in RANKED[:3]
            ),
            rejected=REJECTED,
        ),
    ),
    contacts=CONTACTS,
    article="实施条例第五十四条",
)

AWARD_LETTER = AwardLetter(
    head=VILLAGE_HEAD,
    direction="disposal",
    winner=BIDDERS[0],
    lots=(
        AwardedLot(
            number="1",
            name=POND.name,
            price_fen=3_260_050,
            total_fen=16_300_250,
            basis="per year",
            quantity=POND.quantity,
            term=POND.term,
        ),
    ),
    sign_by="2026-12-23",
    tenderer=OWNER,
    article="招标投标法第四十六条",
    performance_bond_fen=815_012,
    copies_to=("青禾县农业农村局", "柳湾镇人民政府"),
)

RESULT_NOTICE = ResultNotice(
    head=WORKS_HEAD,
    direction="purchase",
    lots=(
        ResultLot(
            number="1",
            name="教学楼改造施工",
            winner=WORKS_BIDDERS[0],
            winner_address="杭州市余杭区良渚街道",
            price_fen=431_880_000,
            total_fen=431_880_000,
            basis="total",
            score="92.64",
            ranked=RANKED,
            rejected=REJECTED,
        ),
        ResultLot(number="2", name="室外管网", failed="有效投标不足三家，本标段招标失败。"),
    ),
    contacts=CONTACTS,
    panel=tuple(one.name for one in PANEL),
    public_until="2026-12-25",
    notice_published_on="2026-11-20",
)

UNSUCCESSFUL_LETTER = UnsuccessfulLetter(
    head=WORKS_HEAD,
    direction="purchase",
    bidder=WORKS_BIDDERS[2],
    lot="教学楼改造施工",
    winner=WORKS_BIDDERS[0],
    winner_total_fen=431_880_000,
    own_price_fen=436_900_000,
    own_total="88.05",
    own_rank=3,
    bond="合同签订后5日内连同同期银行存款利息退还。",
    object_until="2026-12-21T09:30:00Z",
    contacts=(SUPERVISOR,),
)

VILLAGE_SHEET = VillageSheet(
    head=VILLAGE_HEAD,
    direction="disposal",
    village="青禾县柳湾镇石桥村",
    lots=(POND,),
    deadline="2026-12-08T01:00:00Z",
    opening_at="2026-12-08T01:00:00Z",
    how_to_bid=(
        "用手机扫下面的二维码看完整公告，按提示登记后报价；报价在您手机上加密，开标前谁也看不到。",
        "不会用手机的，请带身份证到柳湾镇便民服务中心2号窗口，工作人员帮您在专用电脑上操作，报价由您自己输入。",
    ),
    contacts=CONTACTS,
    notice_url="https://jy.qinghe.example/t/QH-V-2026-0118",
    posted_until="2026-12-09",
)

PLAIN_NOTICE = PlainNotice(
    head=WORKS_HEAD,
    title="延期公告",
    blocks=(
        Block(heading="延期原因", paragraphs=("因招标文件澄清，投标截止时间顺延。",)),
        Block(heading="新的时间", rows=(("原截止", "2026-12-10"), ("新截止", "2026-12-17"))),
    ),
    steps=(Step(label="投标截止", at="2026-12-17T01:00:00Z", article="招标投标法第二十三条"),),
    contacts=CONTACTS,
)


def _small_jpeg() -> str:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "#336699").save(out, "JPEG")
    return base64.b64encode(out.getvalue()).decode()


FINDING_REPORT = FindingReport(
    head=WORKS_HEAD,
    findings=(
        ToldFinding(
            name="Copied text",
            code="T1",
            strength="B：强线索",
            legal="招标投标法实施条例第40条，第4项",
            lot="1. 一标段",
            bidders=("青石建设有限公司", "白水建筑有限公司"),
            value="除招标文件和公共底稿外，共812字相同",
            rarity="在诚信投标中，出现这种情况的机会不到10,000分之一。",
            found_at="2026-11-23T03:00:00Z",
            decision="confirmed",
            exhibits=(
                FindingExhibit(
                    title="Passages that both have",
                    columns=("青石建设有限公司", "白水建筑有限公司"),
                    rows=(
                        ExhibitRow(
                            label="段落1",
                            cells=(
                                ExhibitCell(
                                    pieces=(("前文。", ""), ("混泥土浇筑前应清理", "same")),
                                    where="技术标.docx，第3页",
                                ),
                                ExhibitCell(
                                    pieces=(("混泥土", "odd"), ("浇筑前应清理", "same")),
                                    where="技术标.docx，第7页",
                                ),
                            ),
                        ),
                    ),
                    more=2,
                ),
                FindingExhibit(
                    title="Pictures that both have",
                    columns=("青石建设有限公司", "白水建筑有限公司"),
                    rows=(
                        ExhibitRow(
                            label="图片1",
                            cells=(
                                ExhibitCell(
                                    pieces=(("400 × 300", ""),), where="现场.png", picture="one"
                                ),
                                ExhibitCell(
                                    pieces=(), where="方案.docx", instead="此处无法显示图片。"
                                ),
                            ),
                        ),
                    ),
                ),
            ),
            plot=Plot(
                title="本标段每两家投标人之间的共同文字",
                description="共6个数值，其中5个小于本线索的数值812。",
                unit="字数",
                bars=(
                    PlotBar(x=24, y=64, width=23, height=136, low="0", high="34", count=5),
                    PlotBar(x=592, y=150, width=23, height=50, low="778", high="812", count=1),
                ),
                lines=(
                    PlotLine(x=616, words="本线索", value="812", anchor="end", main=True),
                    PlotLine(x=300, words="强线索", value="400", anchor="end", main=False),
                ),
                ticks=(PlotTick(x=24, words="0"), PlotTick(x=616, words="812")),
            ),
            innocent=(
                InnocentExplanation(
                    text="The same consultant may have written for several bidders.",
                    checked=False,
                    found="系统未核实，请询问投标人或人工查看。",
                ),
            ),
            explained=(("青石建设有限公司", "由同一代办公司排版。"),),
            history=(
                FindingDecision(
                    at="2026-11-23T04:00:00Z", by="监督员", decision="confirmed", reason="雷同。"
                ),
            ),
        ),
    ),
    pictures=(("one", _small_jpeg()),),
)

SAMPLES: tuple[Document, ...] = (
    TENDER_NOTICE,
    OPENING_RECORD,
    EVALUATION_REPORT,
    CANDIDATES_NOTICE,
    AWARD_LETTER,
    RESULT_NOTICE,
    UNSUCCESSFUL_LETTER,
    VILLAGE_SHEET,
    PLAIN_NOTICE,
    FINDING_REPORT,
)
