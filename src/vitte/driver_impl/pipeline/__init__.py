"""From sources to an image: the stage table, one unit's compilation, the graph of units, their schedule, the link."""
