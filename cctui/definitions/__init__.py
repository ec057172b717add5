"""What operators declare: environment, connections and exports, and their TOML files."""
