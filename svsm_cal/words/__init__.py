"""What is said to people, in one place: phrases for times and lengths, notices of a call, descriptions of it."""
