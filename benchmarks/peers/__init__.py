"""What the app is measured against: pages as a user would write them, and the app with parts left out."""
