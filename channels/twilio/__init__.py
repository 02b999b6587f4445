"""What every product of Twilio's has in common: its proof, its API, its errors, its files."""
