# SPDX-License-Identifier: GPL-3.0-or-later
# self_knowledge_squared: the panels of self_knowledge_mnist, from the squared loss.
call 'figures/self_knowledge_mnist.gp' ARG1 ARG2 ARG3 ARG4 ARG5
