"""Abnormally low prices (异常低价审查): which bids are asked, their answer, the votes."""
