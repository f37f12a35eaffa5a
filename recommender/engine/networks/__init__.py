"""The parts of the deep autoencoder."""
