"""What reactions teach: ratings become labels. Pure: no database, no clock, no network, and nothing else of ours."""
