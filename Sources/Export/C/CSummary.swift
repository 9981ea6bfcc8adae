import Tasks
import Tensors

/// The documentation in the files: sizes, usage and steps; also the header and the example.
struct CSummary: Sendable {
  /// The plan that is written.
  let plan: CPlan
  /// The prefix of all names.
  let name: String
  /// The bytes of constants that running needs.
  let weightBytes: Int
  /// True if the source has a function that makes input of pixels.
  let hasPixels: Bool
  /// True if the source calls C's mathematical library.
  let callsMathematics: Bool

  private var input: Shape { plan.network.values[plan.network.input].shape }
  private var output: Shape { plan.network.values[plan.network.output].shape }
  private var isInteger: Bool { plan.network.element == .int8 }
  private var decoder: IntegerDecoder? { plan.network.detections?.decoder }

  /// A step's node, kind, shapes and cost.
  func title(of index: Int) -> String {
    let step = plan.steps[index].step
    let inputs = step.inputs.map { "\(plan.network.values[$0].shape)" }.joined(separator: " and ")
    let output = plan.network.values[step.output].shape
    return
      "Step \(index): \"\(CIdentifier.comment(step.node))\", \(step.kernel.title), \(inputs) to \(output), "
      + "\(step.kernel.multiplyAdds) multiply-adds"
  }

  /// Writes the comment at the top of header and source.
  func writeComment(to writer: inout CWriter) {
    let division = decoder == nil ? "division" : "division but where things are found"
    let arithmetic =
      isInteger
      ? "signed bytes; sums of 32 bits; no floating point, no \(division), no library beyond stdint.h"
      : callsMathematics
        ? "32-bit floats; functions of math.h: link with -lm" : "32-bit floats; no library"
    writer.code(
      """
      /* \(name): a neural network in C99, written by condense.

         Arithmetic    \(arithmetic)
         Input         \(input) (channels, height, width); in memory height, width, channel
         Output        \(decoder.map { "at most \($0.limit) things" } ?? "\(output)")
         Arena         \(plan.arenaBytes) bytes of memory, all there is beside the stack
         Constants     \(weightBytes) bytes of flash, code apart
         Work          \(plan.network.multiplyAdds) multiply-adds in \(plan.steps.count) steps

         How to call: write @@_INPUT_SIZE numbers to @_input(), call @_run(), read @@_OUTPUT_SIZE numbers
         from where it points. Running overwrites the input. There is no other state; one call at a time.
         Right shifts of negative numbers must be arithmetic, as with all compilers concerned; the source checks it.
         Compile with -O2 (-ffreestanding where there is no C library). */
      """)
  }

  /// The text of `NAME.h`.
  var header: [UInt8] {
    var writer = CWriter(name: name)
    writeComment(to: &writer)
    let image = input.rank == 3 ? input.dimensions : [input.count, 1, 1]
    writer.code(
      """
      #ifndef @@_H
      #define @@_H

      #include <stdint.h>

      #define @@_INPUT_SIZE \(input.count)
      #define @@_INPUT_CHANNELS \(image[0])
      #define @@_INPUT_HEIGHT \(image[1])
      #define @@_INPUT_WIDTH \(image[2])
      #define @@_OUTPUT_SIZE \(output.count)
      #define @@_ARENA_BYTES \(plan.arenaBytes)
      #define @@_WEIGHT_BYTES \(weightBytes)
      #define @@_STEPS \(plan.steps.count)

      #ifdef __cplusplus
      extern "C" {
      #endif

      /* What flows through the network. */
      typedef \(plan.network.element.rawValue) @_number;

      /* Where the input is written: rows of pixels, the channels of a pixel side by side. */
      @_number *@_input(void);

      /* Runs the network; gives back the outputs, which last until the input is written again. */
      const @_number *@_run(void);
      """)
    if let decoder { writeDetections(decoder, to: &writer) }
    if hasPixels {
      writer.code("\n/* The input's number for a pixel of 0...255 in a channel. */")
      writer.code("int8_t @_pixel(uint8_t channel, uint8_t value);")
    }
    writer.code("\n#ifdef __cplusplus\n}\n#endif\n\n#endif")
    return writer.bytes
  }

  /// What callers of a detector need.
  private func writeDetections(_ decoder: IntegerDecoder, to writer: inout CWriter) {
    writer.code(
      """

      /* The most things that are found in an image, and the classes that there are. */
      #define @@_DETECTIONS \(decoder.limit)
      #define @@_CLASSES \(decoder.classes)

      /* A thing: its edges in 16ths of a pixel from the upper left corner, its probability in 32,768ths, and its class,
         counted from 0. */
      typedef struct {
        uint16_t left, top, right, bottom, score, label;
      } @_detection;

      /* Runs the network; gives back how many things are in the image, and where they are told, the surest first, until the
         input is written again. What @_run() gives back is that number and 0, of 16 bits each, and the things. */
      int @_detections(const @_detection **found);
      """)
  }

  /// The text of `main.c`.
  var example: [UInt8] {
    var writer = CWriter(name: name)
    let pixel = hasPixels ? "@_pixel((uint8_t)(i % @@_INPUT_CHANNELS), 128)" : "0"
    guard decoder == nil else {
      writer.code(
        """
        #include "\(name).h"

        int main(void) {
          int i;
          const @_detection *found;
          @_number *image = @_input();
          for (i = 0; i < @@_INPUT_SIZE; i++) image[i] = \(pixel); /* a camera's pixels */
          return @_detections(&found); /* how many things there are; the surest is found[0] */
        }
        """)
      return writer.bytes
    }
    writer.code(
      """
      #include "\(name).h"

      int main(void) {
        int i, best = 0;
        @_number *image = @_input();
        for (i = 0; i < @@_INPUT_SIZE; i++) image[i] = \(pixel); /* a camera's pixels */
        const @_number *scores = @_run();
        for (i = 1; i < @@_OUTPUT_SIZE; i++)
          if (scores[i] > scores[best]) best = i;
        return best; /* the class */
      }
      """)
    return writer.bytes
  }
}
