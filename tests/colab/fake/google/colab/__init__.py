"""What a chapter looks for to know that it runs on Colab: this name."""
