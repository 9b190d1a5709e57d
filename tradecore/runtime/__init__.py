"""What runs the path, and what everyone may use: rings between threads and processes, pools of records."""
