"""What Composer's files share: how packages and requirements are written."""
