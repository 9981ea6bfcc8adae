import Graphs
import Tasks
import Tensors

/// Makes detections of a detector's scores and offsets: decoding, and for each class suppression, in integers.
///
/// What it gives back are numbers of 16 bits: how many things were found, 0, and six for each of them.
struct CDetections: CKernel {
  /// What is computed.
  let decoder: IntegerDecoder

  var title: String { "detections" }
  var multiplyAdds: Int { 0 }
  var placement: OutputPlacement { .apart }
  /// Room for the likeliest anchors of a class, with their scores.
  var scratch: ClosedRange<Int> { 4 * decoder.candidates...4 * decoder.candidates }
  /// The output's shape, in bytes.
  var output: Shape { [decoder.byteCount] }

  func code(_ site: CSite) -> CCode {
    let names = ["powers", "growths", "levels", "kinds"].map(site.name)
    let levels = decoder.levels.flatMap { [$0.first, $0.firstKind, $0.rows, $0.columns, $0.kinds] }
    let kinds = decoder.kinds.flatMap { [$0.width, $0.height, $0.across, $0.down] }
    let numbers = decoder.classes + 1
    return CCode(
      arrays: [
        CArray(names[0], .uint16, decoder.powers), CArray(names[1], .int32, decoder.growths),
        CArray(names[2], .int32, levels), CArray(names[3], .int32, kinds),
      ],
      routines: [.detections(decoder)],
      body: [
        "const @_number *scores = \(site.inputs[0]), *offsets = \(site.inputs[1]);",
        "uint16_t *found = (uint16_t *)(void *)(\(site.output));",
        "uint16_t *likely = (uint16_t *)(void *)(\(site.scratch.pointer));",
        "uint16_t thing[6];",
        "int32_t i, label, anchor, candidates, count = 0;",
        "for (i = 0; i < \(decoder.byteCount / 2); i++) found[i] = 0;",
        "for (label = 0; label < \(decoder.classes); label++) {",
        "  candidates = 0;",
        "  for (anchor = 0; anchor < \(decoder.anchors); anchor++) {",
        "    uint16_t score = @_share(scores + \(numbers) * anchor, label + 1, \(names[0]));",
        "    if (score != 0) candidates = @_rank(likely, candidates, score, (uint16_t)anchor);",
        "  }",
        "  thing[5] = (uint16_t)label;",
        "  for (i = 0; i < candidates; i++) {",
        "    const @_number *row = offsets + 4 * (int32_t)likely[2 * i + 1];",
        "    const int32_t *level = \(names[2]) + \(5 * (decoder.levels.count - 1)), *kind;",
        "    int32_t rows, columns, kinds;",
        "    thing[4] = likely[2 * i];",
        "    anchor = likely[2 * i + 1];",
        "    while (@@_WORD(level) > anchor) level -= 5;",
        "    anchor -= @@_WORD(level);",
        "    rows = @@_WORD(level + 2);",
        "    columns = @@_WORD(level + 3);",
        "    kinds = @@_WORD(level + 4);",
        "    kind = \(names[3]) + 4 * (@@_WORD(level + 1) + anchor % kinds);",
        "    anchor /= kinds;",
        "    @_edges(thing, anchor % columns, columns, \(decoder.width), @@_WORD(kind), @@_WORD(kind + 2),",
        "            row[0] - (\(decoder.zeroPoint)), @@_WORD(\(names[1]) + (row[2] + 128)));",
        "    @_edges(thing + 1, anchor / columns, rows, \(decoder.height), @@_WORD(kind + 1), @@_WORD(kind + 3),",
        "            row[1] - (\(decoder.zeroPoint)), @@_WORD(\(names[1]) + (row[3] + 128)));",
        "    count = @_keep(found + 2, count, thing);",
        "  }",
        "}",
        "found[0] = (uint16_t)count;",
      ])
  }
}

extension CRoutine {
  /// The parts of making detections, with a network's limits.
  fileprivate static func detections(_ decoder: IntegerDecoder) -> CRoutine {
    CRoutine(
      name: "detections", needs: [prelude],
      text: """
        /* The probability of a class in 32,768ths; 0 where it is below the least. */
        static uint16_t @_share(const @_number *row, int32_t label, const uint16_t *powers) {
          int highest = row[0];
          uint32_t own, sum = 0;
          int32_t i;
          for (i = 1; i < \(decoder.classes + 1); i++)
            if (row[i] > highest) highest = row[i];
          own = @@_UHALF(powers + (highest - row[label]));
          if (own < \(decoder.leastScore)) return 0;
          for (i = 0; i < \(decoder.classes + 1); i++) sum += @@_UHALF(powers + (highest - row[i]));
          own = (own << 15) / sum;
          return own < \(decoder.leastScore) ? 0 : (uint16_t)own;
        }

        /* Puts an anchor in its place among the likeliest of a class; gives back how many there are. */
        static int32_t @_rank(uint16_t *likely, int32_t count, uint16_t score, uint16_t anchor) {
          int32_t i;
          if (count == \(decoder.candidates)) {
            if (likely[2 * count - 2] >= score) return count;
          } else {
            count++;
          }
          for (i = count - 1; i > 0 && likely[2 * i - 2] < score; i--) {
            likely[2 * i] = likely[2 * i - 2];
            likely[2 * i + 1] = likely[2 * i - 1];
          }
          likely[2 * i] = score;
          likely[2 * i + 1] = anchor;
          return count;
        }

        /* Two edges of a box along an axis, within the image, in 16ths of a pixel. */
        static void @_edges(uint16_t *box, int32_t position, int32_t places, int32_t side, int32_t extent,
                            int32_t move, int32_t step, int32_t growth) {
          int32_t middle = (side * (2 * position + 1) + places) / (2 * places)
            + (int32_t)(((int64_t)step * move + 32768) >> 16);
          int32_t half = (int32_t)(((int64_t)extent * growth + 65536) >> 17);
          int32_t low = middle - half, high = middle + half;
          box[0] = (uint16_t)(low < 0 ? 0 : low > side ? side : low);
          box[2] = (uint16_t)(high < 0 ? 0 : high > side ? side : high);
        }

        static uint32_t @_area(uint16_t left, uint16_t top, uint16_t right, uint16_t bottom) {
          return right > left && bottom > top ? (uint32_t)(right - left) * (uint32_t)(bottom - top) : 0;
        }

        /* Whether two boxes overlap by more than 9/20 of what either covers. */
        static int @_overlap(const uint16_t *a, const uint16_t *b) {
          uint32_t common = @_area(a[0] > b[0] ? a[0] : b[0], a[1] > b[1] ? a[1] : b[1],
                                   a[2] < b[2] ? a[2] : b[2], a[3] < b[3] ? a[3] : b[3]);
          uint64_t all = (uint64_t)@_area(a[0], a[1], a[2], a[3]) + @_area(b[0], b[1], b[2], b[3]) - common;
          return 20 * (uint64_t)common > 9 * all;
        }

        /* Puts a thing in its place among the surest, unless one of its class lies where it does; gives back how
           many there are. */
        static int32_t @_keep(uint16_t *found, int32_t count, const uint16_t *thing) {
          int32_t i, j;
          for (i = 0; i < count; i++)
            if (found[6 * i + 5] == thing[5] && @_overlap(found + 6 * i, thing)) return count;
          if (count == \(decoder.limit)) {
            if (found[6 * count - 2] >= thing[4]) return count;
          } else {
            count++;
          }
          for (i = count - 1; i > 0 && found[6 * i - 2] < thing[4]; i--)
            for (j = 0; j < 6; j++) found[6 * i + j] = found[6 * i - 6 + j];
          for (j = 0; j < 6; j++) found[6 * i + j] = thing[j];
          return count;
        }
        """)
  }
}
