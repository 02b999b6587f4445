"""Our customers' own apps: who vouches for whom, what they tell, and what they are told."""
