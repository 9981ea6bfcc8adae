extension Ranking {
  /// What to take for a target: at most four students, never a control.
  public struct Decision: Codable, Sendable, Equatable {
    /// A student that was chosen, and why.
    public struct Choice: Codable, Sendable, Equatable {
      public var name: String
      /// A sentence for people, without a full stop.
      public var reason: String
      /// The student's mean accuracy, 0…1.
      public var accuracy: Double
      /// The 95 % interval of the accuracy.
      public var low: Double
      public var high: Double

      /// The choice of a row.
      init(_ row: Row, reason: String) {
        name = row.name
        self.reason = reason
        accuracy = row.accuracy.mean
        low = row.accuracy.low
        high = row.accuracy.high
      }
    }

    /// A student that takes least of a resource for which there are no other words.
    public struct Other: Codable, Sendable, Equatable {
      /// The resource's name.
      public var resource: String
      /// What the student is, such as `least LUTs`.
      public var title: String
      public var choice: Choice
    }

    public var target: String
    /// How much less accurate than the teacher a student may be, as a fraction: 0.01 is one percentage point.
    public var margin: Double
    /// The one that takes least flash, of the students that fit and are not worse than the teacher by more than the margin.
    @NullWhenNil public var smallest: Choice?
    /// The one of least latency, of the same students.
    @NullWhenNil public var fastest: Choice?
    /// The one of least energy an image, of the same students.
    @NullWhenNil public var mostFrugal: Choice?
    /// The one of the best mean accuracy, of all students that fit.
    @NullWhenNil public var mostAccurate: Choice?
    /// Why there is no choice where there is none; `nil` where all four are there.
    @NullWhenNil public var note: String?
    /// Of the same students as `smallest`, by further resources; `nil` where targets tell of none.
    public var others: [Other]?
  }

  /// How much less accurate than the teacher a student may be unless a recipe says otherwise: one percentage point.
  public static let defaultMargin = 0.01
  /// The margins that make sense, as fractions.
  public static let margins = 0.0...1.0

  /// The ranking with its decisions under another margin.
  ///
  /// - Parameter margin: a fraction in `margins`.
  public func deciding(margin: Double) -> Ranking {
    var ranking = self
    let order = targetOrder.filter(targets.keys.contains)
    let names = order + Set(targets.keys).subtracting(order).sorted()
    ranking.decisions = names.map { DecisionMaker(ranking, target: $0, margin: margin).decision }
    return ranking
  }
}
