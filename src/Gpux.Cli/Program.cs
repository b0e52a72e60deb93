Console.Error.WriteLine("gpux: no command yet");
return 2;
