"""Which homes somebody on duty could reach in time, now and for two weeks ahead, and who is told where nobody could."""
