"""The start page: its story, and the questions that people come with."""
