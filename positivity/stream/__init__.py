"""The stream of tweets through the stages of scoring, in this process and in further ones."""
