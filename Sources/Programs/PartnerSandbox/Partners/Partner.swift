/// A partner of the sandbox, which accepts exactly the requests that its page describes.
protocol Partner: Sendable {
    /// The first segment of its paths, and its name in the control API.
    var name: String { get }
    /// The lifetime of its tokens in seconds, as stated on its page.
    var lifetime: Double { get }

    /// Answers a request.
    ///
    /// - Parameter desk: issues tokens of the partner's current lifetime.
    func answer(_ request: SandboxRequest, desk: inout TokenDesk) -> SandboxReply
}

extension String {
    /// A time as SparrowSMS writes it, RFC 3339 in Nepal time with microseconds: `2022-08-21T18:00:55.400174+05:45`.
    static func nepalTime(_ seconds: Double) -> String {
        let shifted = Int(seconds.rounded(.down)) + 20_700
        let micro = Int((seconds - seconds.rounded(.down)) * 1_000_000)
        let days = shifted / 86_400
        var year = 1970
        var rest = days
        func length(_ year: Int) -> Int { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365 }
        while rest >= length(year) {
            rest -= length(year)
            year += 1
        }
        let months = [31, length(year) == 366 ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var month = 0
        while rest >= months[month] {
            rest -= months[month]
            month += 1
        }
        func pad(_ value: Int, _ width: Int = 2) -> String {
            String(repeating: "0", count: Swift.max(0, width - String(value).count)) + String(value)
        }
        let time = "\(pad(shifted / 3600 % 24)):\(pad(shifted / 60 % 60)):\(pad(shifted % 60)).\(pad(micro, 6))"
        return "\(pad(year, 4))-\(pad(month + 1))-\(pad(rest + 1))T\(time)+05:45"
    }
}
