"""The control plane: settings, schedule, daemon, web, command line and demo."""
