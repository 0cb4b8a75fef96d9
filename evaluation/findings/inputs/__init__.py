"""What the platform feeds the screens with (筛查输入), and what a person is shown of it."""
