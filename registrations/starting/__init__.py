"""From the sample to a fest of one's own: made new or from last year's, its events pasted, its first owner let in."""
