"""Broker groups that come, go and move: the rules, one file each.

``life`` says where a group stands (kept in its intent ConfigMap), ``drain`` when nothing is left in it, ``copying`` what
a group must hold before it serves, and ``joining``, ``leaving``, ``moving`` take one step at a time.
"""
