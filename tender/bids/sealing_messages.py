"""Words of the sealing page's script: message key -> English msgid.

The script in `static/sealing/` holds no words of its own: the page hands it these, translated, in
its JSON data. `{places}` are filled by the script.
"""

from tender.core.i18n import N_, gettext

SEALING_MESSAGES: dict[str, str] = {
    "seconds": N_("{n} s"),
    "minutes": N_("{n} min"),
    "hours": N_("{n} h"),
    "too_slow": N_("At this speed the upload will end after the deadline."),
    "opening_id": N_("Opening number"),
    "lot": N_("Lot"),
    "opens_from": N_("Can be opened from"),
    "threshold": N_("Custodians needed to open"),
    "threshold_text": N_("{t} of {n}; fewer cannot read anything"),
    "custodians": N_("Custodians of the keys"),
    "compare_notice": N_(
        "Please compare the opening number and the custodians with the printed notice."
    ),
    "record_good": N_("The opening record is signed, and all {n} custodians have accepted it."),
    "canary_running": N_("Testing that this browser encrypts correctly"),
    "canary_good": N_("This browser encrypts correctly: a test bid was sealed and opened again."),
    "key_good": N_("Your signing key is in this browser."),
    "key_new": N_(
        "This browser's signing key will be made when you submit. It never leaves the browser."
    ),
    "step_enrolling": N_("Making this browser's signing key"),
    "open_https": N_("Open this page over https"),
    "open_kit": N_("Seal offline with the kit"),
    "name": N_("File name"),
    "size": N_("Size"),
    "pages": N_("Pages"),
    "remarks": N_("Remarks"),
    "remove": N_("Remove"),
    "remove_named": N_("Remove {name}"),
    "no_files": N_("No files chosen."),
    "files_total": N_("{n} files, {size} together (at most {max})."),
    "files_too_large": N_(
        "{n} files are {size} together; at most {max} are allowed. Please remove or shrink files."
    ),
    "file_reading": N_("Reading the file"),
    "file_good": N_("Nothing unusual"),
    "file_empty": N_("This file is empty (0 bytes)."),
    "file_blank": N_("This file looks blank."),
    "file_kind": N_("The contents do not fit the file name's ending."),
    "file_encrypted": N_(
        "This PDF is protected by a password; the panel may be unable to read it."
    ),
    "file_no_pages": N_("No pages could be counted; please open the file and look."),
    "file_unreadable": N_("This file cannot be read; please choose it again."),
    "file_reserved": N_("The platform uses this file name for the bid statement below."),
    "file_twice": N_("Another chosen file has the same name."),
    "statement": N_("Bid statement"),
    "statement_made": N_("Made here from what you state below; sealed with the files."),
    "statement_row": N_("Row {n}"),
    "statement_remove": N_("Remove row {n}"),
    "statement_id_odd": N_(
        "This does not look like an identity number (18 characters with a check digit). Please "
        "look again; you can submit it anyway."
    ),
    "statement_code_odd": N_(
        "This does not look like a unified social credit code (18 characters with a check "
        "character). Please look again; you can submit it anyway."
    ),
    "price_hint": N_("In yuan, for example 1234567.89"),
    "price_bad": N_("Please enter an amount in yuan with at most two decimals."),
    "price_below": N_("Attention: this is below the published minimum of {limit} yuan."),
    "price_above": N_("Attention: this is above the published maximum of {limit} yuan."),
    "missing_price": N_("Please enter the price."),
    "missing_files": N_("Please choose at least one file."),
    "missing_smaller": N_("The files are too large together."),
    "missing_rename": N_("Please rename or remove the file bid-statement.json."),
    "missing_name": N_("Please enter the name in each row, or remove the row."),
    "missing_shorter": N_("The bid statement is larger than 64 KB. Please shorten it."),
    "missing_confirm": N_("Please confirm that you have checked price and files."),
    "unfinished": N_(
        "An earlier submission was interrupted. Choose the same files again ({names}) and "
        "it goes on where it stopped."
    ),
    "unfinished_stated": N_(
        "An earlier submission was interrupted. What you stated is filled in again; enter the "
        "price and submit, and it goes on where it stopped."
    ),
    "pause": N_("Pause"),
    "resume": N_("Go on"),
    "paused": N_("Paused. Nothing is lost."),
    "line_broken": N_("The line is broken or busy. Trying again in {seconds}; nothing is lost."),
    "rate": N_("{sent} of {total} sent, {rate}, about {left} left"),
    "step_sealing": N_("Encrypting and uploading"),
    "step_percent": N_("Encrypting and uploading: {percent} %"),
    "step_submitting": N_("Submitting the sealed bid"),
    "step_proving": N_("Received. Waiting for the ledger's proof"),
    "receipt_title": N_("Your bid has been received"),
    "receipt_title_waiting": N_("Your bid has been received; the ledger's proof is still due"),
    "receipt_text": N_(
        "This browser has checked the receipt: it is signed by the platform and names "
        "exactly what you submitted."
    ),
    "received_at": N_("Received at"),
    "bid_id": N_("Bid number"),
    "sequence": N_("Submission number"),
    "ledger_entry": N_("Ledger entry"),
    "proof": N_("Proof"),
    "proof_good": N_("Entry {seq} is proven to stand in the signed ledger of {size} entries."),
    "proof_due": N_("Not there yet. Please open the receipt again in a few minutes and check it."),
    "envelope_hash": N_("SHA-256 of the sealed envelope"),
    "leaf_hash": N_("Ledger leaf hash"),
    "price": N_("Price"),
    "files": N_("Files"),
    "qr_label": N_("QR code of the receipt"),
    "save_receipt": N_("Save the receipt"),
    "save_envelope": N_("Save the sealed envelope"),
    "save_list": N_("Save the list of what was sealed"),
    "keep_secret": N_("The list names your price. Keep it to yourself until the opening."),
    "detail": N_("Detail: {text}"),
    "problem_insecure": N_(
        "This page came over plain http, where browsers switch encryption off. Please use "
        "the https address or the offline kit."
    ),
    "problem_old_browser": N_(
        "This browser is too old to encrypt. Please use a current browser or the offline kit."
    ),
    "problem_record_bad": N_(
        "The opening record could not be verified, so nothing will be sealed for it. "
        "Please report this to the trading centre and the supervision department by "
        "telephone."
    ),
    "problem_canary_bad": N_(
        "This browser does not compute correctly, so nothing will be sealed. Please use "
        "another browser or the offline kit."
    ),
    "problem_no_key": N_(
        "Your signing key is not in this browser. Please use the browser in which it was made."
    ),
    "problem_file_changed": N_(
        "A file changed while it was being sealed. Please close it in other programs, "
        "choose it again and submit."
    ),
    "problem_receipt_bad": N_(
        "The platform's answer is not a valid receipt. Do not rely on it: please save this "
        "page and report it to the supervision department."
    ),
    "problem_other_window": N_(
        "This bid is being submitted in another window. Please go on there or close it."
    ),
    "problem_signed_out": N_(
        "You have been signed out. Please sign in again in another tab, then submit again "
        "here; nothing is lost."
    ),
    "problem_internal": N_(
        "Something unexpected went wrong. Please load the page again; what was uploaded is kept."
    ),
}


def sealing_messages() -> dict[str, str]:
    """All messages in the reader's language, for the page's JSON data."""
    return {key: gettext(message) for key, message in SEALING_MESSAGES.items()}
