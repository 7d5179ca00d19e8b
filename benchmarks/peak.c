/* What the machine's 128-bit SIMD can do in WebAssembly: chains of multiply-adds that do not wait
 * for one another, nothing else. How many chains fill a machine differs, so there are several. */
typedef float f32x4 __attribute__((ext_vector_type(4)));

/* rounds x chains x 4 multiply-adds; the result only keeps the compiler from leaving them out. */
#define CHAINS(n)                                                                                  \
  __attribute__((export_name("chains" #n))) float chains##n(int rounds, float a, float b) {        \
    f32x4 x[n], factor = a, summand = b, sum = 0;                                                  \
    for (int i = 0; i < n; i++) x[i] = i;                                                          \
    for (int round = 0; round < rounds; round++)                                                   \
      _Pragma("clang loop unroll(full)")                                                           \
          for (int i = 0; i < n; i++) x[i] = x[i] * factor + summand;                              \
    for (int i = 0; i < n; i++) sum += x[i];                                                       \
    return sum[0] + sum[1] + sum[2] + sum[3];                                                      \
  }

CHAINS(8)
CHAINS(10)
CHAINS(12)
CHAINS(13)
