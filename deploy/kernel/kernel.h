/* What network.c, which lays a network out in memory, and kernel.c, which runs it, agree on.
 *
 * Activations. C channels on H x W pixels are float[H][W][S]: channels last, S = C rounded up to a
 * multiple of 4, so that one 128-bit register holds 4 channels of one pixel. The spare channels
 * count for nothing: their weights, biases, scales and shifts are zeros, and what becomes of zeros, a
 * half by a sigmoid, meets weights of 0. Only the image may have S = C = 1. A flat vector is one pixel
 * of many channels.
 *
 * Weights of conv2d are float[tile][ky][kx][in.s][8]: output channels in tiles of 8 (the last may
 * be of 4), and in a tile the inputs in the order in which the loops meet them, so that they read
 * straight on. Most convolutions of 3 x 3 are CONV3X3 and have 36 numbers in the
 * place of the 9 of a window: float[tile][36][in.s][8]. Weights of linear are float[out.c][in.s]; the
 * first, which reads maps as they lie, has its inputs in their order. Weights of DEPTHWISE are
 * float[ky][kx][in.s].
 */

typedef unsigned char u8;
typedef float f32x4 __attribute__((ext_vector_type(4)));
typedef int i32x4 __attribute__((ext_vector_type(4)));
typedef float unaligned __attribute__((ext_vector_type(4), aligned(4)));

#define IMAGE_PIXELS 784

enum op { INPUT, PAD, CONV2D, CONV3X3, DEPTHWISE, SCALE_SHIFT, RELU, LEAKY_RELU, GELU, TANH, SIGMOID,
          MAXPOOL2D, AVGPOOL2D, FLATTEN, LINEAR, LOGITS, WIDEN, SOFTMAX };

/* float[h][w][s], of whose channels c are real. */
struct shape {
  int h, w, c, s;
};

struct step {
  enum op op;
  struct shape in, out;
  const float *from;    /* activation read */
  float *to;            /* activation written */
  const float *weights; /* packed weights; scale of SCALE_SHIFT; float[256] of INPUT */
  const float *bias;    /* bias, null for none in a linear; shift of SCALE_SHIFT */
  int kernel, stride;
  int low; /* PAD and pools: rows above, and columns to the left */
  float slope; /* of LEAKY_RELU */
};

extern struct step steps[];
extern int step_count;
extern float *scratch; /* room for the inputs of a tile of CONV3X3 */
extern int activation; /* numbers from one image's activation to the next one's */

#define PIXELS 4 /* output pixels of a tile of CONV2D, blocks of 4 x 4 of them in CONV3X3 */
#define IMAGES 2 /* that go through the network together */
