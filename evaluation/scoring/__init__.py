"""What a price, a sheet and a method are worth: pure sums, each step shown."""
