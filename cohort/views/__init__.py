"""The pages of people who act for councils, and of members."""
