"""From the graph alone: what are the parameters, the data, the forward pass, the loss and the update rule?"""
