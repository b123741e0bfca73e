"""Find the best face-recognition CNN for your faces and hardware, and prove that it is."""
