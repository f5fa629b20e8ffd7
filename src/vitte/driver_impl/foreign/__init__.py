"""What programs of other languages see of a library: which procedures it exports, and the C header that declares them.

    interfaces --exports.find--> [Export] --header.write--> text of the header, or diagnostics for what C cannot express

Invariant: the header depends on the exported declarations and their comments alone, and is the same in every process.
"""
