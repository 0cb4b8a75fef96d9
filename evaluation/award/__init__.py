"""Candidates, award, letters and contract (定标与合同)."""
