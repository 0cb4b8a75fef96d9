"""The evaluation of a tender: ranking, report, and the forms in which results are told."""
