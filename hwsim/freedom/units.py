class Placement: pass
