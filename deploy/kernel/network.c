/* Lays a network out in memory, layer by layer, as the steps that kernel.c runs.
 *
 * The host (pack.ts) calls begin(); then for each layer room() for each of its tensors, which it
 * copies there as the file has them, and the function with the layer's name; at last finish(). It
 * has checked before that the tensors fit the layers. What can still go wrong is returned.
 */
#include "kernel.h"

#define EXPORT(name) __attribute__((export_name(name)))
#define MAX_STEPS 200 /* a file has at most 64 layers, and each becomes 2 steps at most */

enum result { OK, NO_MEMORY, NOT_FINITE };

struct step steps[MAX_STEPS];
int step_count;
float *scratch;
int activation;

static float table[256];  /* what enters the network for each byte of an image */
static struct shape now;  /* what the last step gives */
static int largest;       /* numbers in the largest activation */
static int deepest;       /* numbers a pixel has where it enters a CONV3X3 */
extern u8 __heap_base;    /* memory from here on is ours */
static u8 *top;           /* and from here on free */
static float *layer;      /* `top` after the last layer: the tensors of the next begin here */

static int round_up_4(int n) { return (n + 3) & ~3; }
static struct shape flat(int n) { return (struct shape){1, 1, n, round_up_4(n)}; }

/* Room for so many floats, 16-aligned; null when the memory has reached its maximum. */
EXPORT("room") float *room(int floats) {
  u8 *start = (u8 *)(((unsigned)top + 15) & ~15u);
  top = start + 4 * floats;
  int missing = (int)(((unsigned)top + 65535) / 65536) - (int)__builtin_wasm_memory_size(0);
  if (missing > 0 && (int)__builtin_wasm_memory_grow(0, missing) < 0) return 0;
  return (float *)start;
}

/* Moves all from `start` on to where the layer's own tensors were, which are needed no more. */
static float *settle(float *start) {
  int bytes = top - (u8 *)start;
  __builtin_memmove(layer, start, bytes);
  top = (u8 *)layer + bytes;
  return layer;
}

static struct step *add(enum op op, struct shape out) {
  if (step_count == MAX_STEPS) __builtin_trap();
  struct step *s = &steps[step_count++];
  *s = (struct step){.op = op, .in = now, .out = out};
  now = out;
  int numbers = out.h * out.w * out.s;
  if (numbers > largest) largest = numbers;
  return s;
}

static enum result done(void) {
  layer = room(0);
  return OK;
}

/* The first layer decides how much room a pixel has: 1 number, or 4 as everywhere else. */
static void image(int s) {
  if (step_count > 0) return;
  now = (struct shape){28, 28, 1, s};
  add(INPUT, now)->weights = table;
}

/* Rounds after each operation, as every framework does: most pixels of an image are 0, so another
 * order would shift nearly all inputs by the same error. */
EXPORT("begin") enum result begin(float scale, float mean, float std) {
  for (int byte = 0; byte < 256; byte++) table[byte] = ((float)byte / scale - mean) / std;
  top = &__heap_base;
  return done();
}

/* The 3 x 3 weights of a filter to the 36 that kernel.c multiplies with: G w G^T, one of them. */
static double spread(const float *w, int i) {
  static const double G[6][3] = {{64. / 81, 0, 0},
                                 {-128. / 243, -32. / 81, -8. / 27},
                                 {-128. / 243, 32. / 81, -8. / 27},
                                 {32. / 243, 16. / 81, 8. / 27},
                                 {32. / 243, -16. / 81, 8. / 27},
                                 {0, 0, 1}};
  double sum = 0;
  for (int k = 0; k < 9; k++) sum += G[i / 6][k / 3] * G[i % 6][k % 3] * w[k];
  return sum;
}

/* Sums of a weight and its neighbours stand for it in CONV3X3. They are exact enough while none is
 * a giant, beside which the others are lost: one of 1e9 that meets only zeros must not matter. */
static int no_giants(const float *weight, int n) {
  for (int i = 0; i < n; i++)
    if (!(weight[i] < 8.0f && weight[i] > -8.0f)) return 0;
  return 1;
}

/* weight float[out_c][in_c / groups][size][size], bias float[out_c] or null; `low` zeros are put
 * before the first row and column, `high` after the last. A window with gaps, and inputs of other
 * groups, are packed as weights of 0; only where each channel has a window of its own, DEPTHWISE
 * leaves them out. */
EXPORT("conv2d")
enum result add_conv2d(const float *weight, const float *bias, int out_c, int size, int stride,
                       int low, int high, int dilation, int groups) {
  image(1);
  if (low + high > 0) {
    struct shape padded = {now.h + low + high, now.w + low + high, now.c, now.s};
    add(PAD, padded)->low = low;
  }
  int kernel = dilation * (size - 1) + 1, window = kernel * kernel;
  struct shape in = now, out = {(in.h - kernel) / stride + 1, (in.w - kernel) / stride + 1, out_c,
                                round_up_4(out_c)};
  int inside = in.c / groups, outside = out_c / groups; /* inputs and outputs of a group */
  int depthwise = groups > 1 && inside == 1 && outside == 1;
  /* Weights that do not stay in the cache cost more to read than to multiply with. */
  int fast = size == 3 && kernel == 3 && stride == 1 && in.s > 1 && out.h > 3 && out.w > 3 &&
             in.s * out.s <= 128 * 128 && !depthwise &&
             no_giants(weight, window * inside * out_c);
  int positions = fast ? 36 : window, inputs = depthwise ? 1 : in.s;
  int wide = depthwise ? out.s : 8; /* outputs of a tile */
  float *packed = room(positions * inputs * out.s + out.s), *to = packed;
  if (!packed) return NO_MEMORY;
  for (int tile = 0; tile < out.s; tile += wide)
    for (int position = 0; position < positions; position++) {
      int y = position / kernel, x = position % kernel, gap = y % dilation + x % dilation;
      for (int i = 0; i < inputs; i++)
        for (int o = tile; o < tile + wide && o < out.s; o++) {
          int own = depthwise ? 0 : i - o / outside * inside; /* input of the group */
          const float *w = weight + (o * inside + own) * size * size;
          int real = o < out_c && own >= 0 && own < inside;
          if (!real) *to++ = 0;
          else if (fast) *to++ = spread(w, position);
          else *to++ = gap ? 0 : w[y / dilation * size + x / dilation];
        }
    }
  for (int o = 0; o < out.s; o++) *to++ = bias && o < out_c ? bias[o] : 0;
  struct step *s = add(depthwise ? DEPTHWISE : fast ? CONV3X3 : CONV2D, out);
  if (fast && in.s > deepest) deepest = in.s;
  s->weights = settle(packed);
  s->bias = s->weights + positions * inputs * out.s;
  s->kernel = kernel;
  s->stride = stride;
  return done();
}

/* x -> (x - mean) / sqrt(var + eps) * weight + bias for each channel, four tensors float[c]; of a
 * flat vector for each number. Folded
 * into the weights and the bias of the convolution before it; without one, a step of its own. */
EXPORT("batchnorm2d")
enum result add_batchnorm2d(const float *weight, const float *bias, const float *mean,
                            const float *var, double eps) {
  image(4);
  struct step *s = &steps[step_count - 1];
  int rows = 1, wide = 8; /* float[tile][rows][wide] */
  float *scales, *shifts;
  int folded = s->op == CONV2D || s->op == CONV3X3 || s->op == DEPTHWISE;
  if (s->op == DEPTHWISE) wide = now.s;
  if (folded) {
    rows = s->op == CONV3X3 ? 36 : s->kernel * s->kernel;
    if (s->op != DEPTHWISE) rows *= s->in.s;
    scales = (float *)s->weights;
    shifts = (float *)s->bias;
  } else {
    scales = room(2 * now.s);
    if (!scales) return NO_MEMORY;
    shifts = scales + now.s;
    for (int c = 0; c < now.s; c++) scales[c] = c < now.c, shifts[c] = 0;
  }
  for (int c = 0; c < now.c; c++) {
    double factor = weight[c] / __builtin_sqrt(var[c] + eps);
    int tile = c / wide * wide, width = now.s - tile < wide ? now.s - tile : wide;
    float *column = scales + tile * rows + (c - tile);
    for (int row = 0; row < rows; row++) {
      float x = column[row * width] *= factor;
      if (x - x != 0) return NOT_FINITE;
    }
    shifts[c] = (shifts[c] - (double)mean[c]) * factor + bias[c];
  }
  if (folded) {
    top = (u8 *)layer;
  } else {
    s = add(SCALE_SHIFT, now);
    s->weights = settle(scales);
    s->bias = s->weights + now.s;
  }
  return done();
}

static enum result add_in_place(enum op op, float slope) {
  image(4);
  add(op, now)->slope = slope;
  return OK;
}
EXPORT("relu") enum result add_relu(void) { return add_in_place(RELU, 0); }
EXPORT("leakyrelu") enum result add_leaky_relu(float slope) {
  return add_in_place(LEAKY_RELU, slope);
}
EXPORT("gelu") enum result add_gelu(void) { return add_in_place(GELU, 0); }
EXPORT("tanh") enum result add_tanh(void) { return add_in_place(TANH, 0); }
EXPORT("sigmoid") enum result add_sigmoid(void) { return add_in_place(SIGMOID, 0); }

static enum result add_pool(enum op op, int size, int stride, int low, int high) {
  image(4);
  struct shape out = {(now.h + low + high - size) / stride + 1,
                      (now.w + low + high - size) / stride + 1, now.c, now.s};
  struct step *s = add(op, out);
  s->kernel = size;
  s->stride = stride;
  s->low = low;
  return OK;
}
EXPORT("maxpool2d") enum result add_maxpool2d(int size, int stride, int low, int high) {
  return add_pool(MAXPOOL2D, size, stride, low, high);
}
EXPORT("avgpool2d") enum result add_avgpool2d(int size, int stride, int low, int high) {
  return add_pool(AVGPOOL2D, size, stride, low, high);
}

EXPORT("flatten") enum result add_flatten(void) {
  image(1);
  if (now.h * now.w > 1) add(FLATTEN, flat(now.h * now.w * now.c));
  return OK;
}

/* weight float[out_c][in_c], bias float[out_c] or null: they stay where they are, unless rows must
 * become a multiple of 4 long, or follow a flatten: then they get the order of the numbers before
 * it, and it is left out. */
EXPORT("linear") enum result add_linear(const float *weight, const float *bias, int out_c) {
  struct shape in = now, maps = steps[step_count - 1].in;
  int skip = steps[step_count - 1].op == FLATTEN && maps.c == maps.s;
  if (skip) step_count--;
  int pixels = skip ? maps.h * maps.w : 1, channels = in.s / pixels;
  if (skip || in.c < in.s) {
    float *rows = room(out_c * in.s + out_c), *to = rows;
    if (!rows) return NO_MEMORY;
    for (int o = 0; o < out_c; o++)
      for (int i = 0; i < in.s; i++) {
        int place = i % channels * pixels + i / channels;
        *to++ = i < in.c ? weight[o * in.c + place] : 0;
      }
    for (int o = 0; o < out_c; o++) *to++ = bias ? bias[o] : 0;
    weight = settle(rows);
    bias = weight + out_c * in.s;
  }
  struct step *s = add(LINEAR, flat(out_c));
  s->weights = weight;
  s->bias = bias;
  return done();
}

/* How many steps there are so far. */
EXPORT("count") int count(void) { return step_count; }

EXPORT("finish") enum result finish(void) {
  struct step *last = &steps[step_count - 1];
  if (last->op == LINEAR) last->op = LOGITS;
  else add(WIDEN, now);
  add(SOFTMAX, now);
  if (largest < 2 * now.s) largest = 2 * now.s; /* logits are doubles */
  activation = (largest + 15) & ~15;            /* gelu works on 16 numbers at a time */
  int size = IMAGES * activation;
  float *buffers[2] = {room(size), room(size)}; /* a step reads one and writes the other */
  scratch = room(36 * PIXELS * deepest);
  if (!buffers[0] || !buffers[1] || !scratch) return NO_MEMORY;
  int b = 0;
  for (struct step *s = steps; s < steps + step_count; s++) {
    int in_place = s->op >= SCALE_SHIFT && s->op <= SIGMOID;
    s->from = buffers[b];
    if (!in_place) b = 1 - b;
    s->to = buffers[b];
  }
  return OK;
}
