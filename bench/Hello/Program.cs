// What any program on .NET pays before its first line: the floor under the times of the cold-start bench.
Console.WriteLine("hello");
