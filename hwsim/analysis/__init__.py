"""What a finished run, a datasheet or a model says, in numbers; pictures of them are drawn in ``report``."""
