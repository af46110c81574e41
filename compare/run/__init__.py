"""The main job: are the three the same network? Gradients before and after training, three trainings, a verdict."""
