/* The kernel, with its steps one by one: kernel.py times them. */
#include "../deploy/kernel/kernel.c"

/* Runs the steps from `first` to before `end` for one image, on what lies in the buffers. */
__attribute__((export_name("some")))
void some(const u8 *image, int first, int end, float *probabilities) {
  for (int i = first; i < end; i++) run(&steps[i], image, probabilities);
}
