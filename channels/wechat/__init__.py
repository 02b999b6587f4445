"""WeChat Official Accounts: how calls are sealed, read and answered."""
