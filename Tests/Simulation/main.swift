import Glibc
import Time

installSimulation()
let options = Options(CommandLine.arguments)
switch options.work {
case .fleet(let hosts): try FleetTable(hosts: hosts).print()
case .worlds(let first, let count, let days): exit(Runs(first: first, count: count, length: days).run())
}
