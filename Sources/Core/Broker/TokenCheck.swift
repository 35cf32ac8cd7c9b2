import Login

/// A question to the partner about a token, and its answer.
struct TokenCheck {
    let fingerprint: String
    let task: Task<LoginPerformer.Verdict, Never>
    var hasEnded = false
}
