"""What the analysers of Java have in common: archives, manifests, and the effective model of Maven projects."""
