"""Results kept between runs under content keys: a miss is always allowed, a wrong hit never."""
