#include <ATen/ATen.h>

int main() { return stand_in() == 42 ? 0 : 1; }
