import Glibc
import Time

installSimulation()
let options = Options(CommandLine.arguments)
switch options.work {
case .fleet(let hosts): try FleetTable(hosts: hosts).print()
case .worlds(let first, let count, let length, let shrinks): exit(Runs(first: first, count: count, length: length, shrinks: shrinks).run())
}
