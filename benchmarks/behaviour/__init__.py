"""What a model gets right, by capability, and whether it treats groups alike: docs/behaviour.md."""
