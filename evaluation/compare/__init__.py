"""Comparison of bid documents (投标文件比对): extraction, normalisation, similarity, findings."""
